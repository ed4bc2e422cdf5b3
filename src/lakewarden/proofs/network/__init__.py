"""Where packets of a workspace's nodes can go."""
