"""A voice that is made in the shop: recordings of the shop's own, or espeak-ng. Nothing of it needs the Internet."""
