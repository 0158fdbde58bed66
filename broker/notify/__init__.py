"""Telling the outside: programs by webhooks, phones and chats by apprise, tablets by their browser, lamps and buzzers by MQTT."""
