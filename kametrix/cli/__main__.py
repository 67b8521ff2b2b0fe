"""`python -m kametrix.cli`."""

from kametrix.cli import main

main()
