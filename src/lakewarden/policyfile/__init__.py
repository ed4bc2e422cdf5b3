"""What the organisation wants: `lakewarden.toml`, read and checked."""
