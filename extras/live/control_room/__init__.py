"""What people are told: the room's pages, shifts, notices and who is notified."""
