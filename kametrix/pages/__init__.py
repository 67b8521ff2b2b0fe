"""All pages, one module per address; importing this package registers them."""
