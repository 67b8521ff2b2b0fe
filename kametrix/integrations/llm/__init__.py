"""A language model behind any OpenAI-compatible address."""
