"""The tests. They use the real parts: real SQLite, a real MQTT broker, a real Chromium."""
