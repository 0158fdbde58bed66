"""The eyes of the shop: pictures in, "somebody crossed the door line" out."""

import os

# Before anything loads OpenCV: its chatter and FFmpeg's say nothing that our own sentences do not.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
