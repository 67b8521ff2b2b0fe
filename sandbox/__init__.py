"""Local stand-ins for the providers, over their real wire protocols, in a process of their own."""
