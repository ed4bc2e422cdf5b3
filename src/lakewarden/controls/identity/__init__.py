"""Who comes in: sign-on, tokens, administrators."""
