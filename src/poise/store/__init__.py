"""History: sessions, profiles and uploads in a database."""
