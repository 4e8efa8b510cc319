"""poise: a posture and workout coach for any camera."""
