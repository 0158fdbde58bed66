"""A real RTSP server, run by the system's Python, which has GStreamer (Debian: python3-gi, gir1.2-gst-rtsp-server-1.0,
gstreamer1.0-plugins-base, -good and -ugly): a moving ball in H.264 at /door.

    python3 rtsp_server.py PORT WIDTH HEIGHT FRAMES_PER_SECOND [NAME:PASSWORD]
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def main(port, width, height, frames_per_second, sign_in=""):
    """Serve until killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    door = GstRtspServer.RTSPMediaFactory.new()
    door.set_launch(
        f"( videotestsrc is-live=true pattern=ball ! video/x-raw,width={width},height={height},framerate={frames_per_second}/1"
        " ! x264enc tune=zerolatency speed-preset=ultrafast threads=1 key-int-max=10 ! rtph264pay name=pay0 pt=96 )"
    )
    door.set_shared(True)
    if sign_in:
        protect(server, door, *sign_in.split(":"))
    server.get_mount_points().add_factory("/door", door)
    if not server.attach(None):
        sys.exit(f"port {port} is taken")
    print("serving", flush=True)
    GLib.MainLoop().run()


def protect(server, door, name, password):
    """Let nobody look who does not sign in."""
    viewer = GstRtspServer.RTSPToken()
    viewer.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
    auth = GstRtspServer.RTSPAuth.new()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), viewer)
    server.set_auth(auth)
    allowed = GstRtspServer.RTSPPermissions()
    for permission in ("media.factory.access", "media.factory.construct"):
        allowed.add_permission_for_role("viewer", permission, True)
    door.set_permissions(allowed)


if __name__ == "__main__":
    main(*sys.argv[1:])
