"""The coach over HTTP and WebSocket: it translates between the wire and the rooms below, and decides nothing."""
