"""Who a machine on the wire is: a small certificate authority for devices, and what the MQTT broker lets each of them do."""
