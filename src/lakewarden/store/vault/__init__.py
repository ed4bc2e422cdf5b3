"""Where backups are: blobs by their SHA-256, and runs that name what each asset was."""
