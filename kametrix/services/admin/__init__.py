"""What operators do across organizations. Run with the platform login; every act is audited in its own transaction."""
