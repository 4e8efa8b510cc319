"""The desk coach at work: looks at a camera or film, remembers baselines, gives alerts, keeps a diary."""
