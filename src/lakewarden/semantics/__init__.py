"""How the platform decides: pure rules that controls and impact share."""
