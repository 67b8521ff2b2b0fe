"""The pages in which a person places calls without a telephone."""
