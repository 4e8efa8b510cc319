"""What a user reads after a film: the HTML report, the tables, the annotated film."""
