"""What is to be changed: changes, their order, their inverse, and the file that holds them."""
