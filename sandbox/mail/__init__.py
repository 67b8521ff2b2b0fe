"""A mail server that delivers nowhere: what it took is read in the inbox."""
