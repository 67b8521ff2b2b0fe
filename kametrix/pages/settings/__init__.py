"""Settings: the account, the organization, the team."""
