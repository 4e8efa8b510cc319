"""Known truth: a kinematic body that exercises, cameras that watch it, noise, and a renderer."""
