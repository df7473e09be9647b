"""The Ethernet of boards that have one, kept as long as they run."""


def open_socket(link):
    """A connection to the broker; None while there is no cable, or no address yet."""
    from network import LAN

    lan = LAN()
    if not lan.active():
        lan.active(True)
    if not lan.isconnected():
        return None
    from boardpulse.links.sockets import open_socket as connect

    return connect(link)
