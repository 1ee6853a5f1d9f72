"""Fixed statements about memberships."""
