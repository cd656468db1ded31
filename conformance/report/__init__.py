"""What a run says: to people, to build servers, to programs."""
