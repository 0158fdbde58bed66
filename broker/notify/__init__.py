"""Telling the outside: programs by webhooks, phones and chats by apprise, lights, buzzers and Home Assistant by MQTT."""
