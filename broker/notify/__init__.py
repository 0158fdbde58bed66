"""Telling the outside: programs of others by webhooks, lights and buzzers and Home Assistant by MQTT."""
