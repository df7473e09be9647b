"""The other ends of a measured board's links: a program that lies as bench_streams.py beside the firmware.

They take everything at once, and answer as a bridge on a UART does, and as a broker. While cycles are counted they take
no heap.
"""

STREAMS = '''
ACK = 24  # bytes for an acknowledgement: its length, and itself


class Line:
    """A UART that takes everything at once. acknowledge() lays out the bridge's answer to all that was written."""

    def __init__(self):
        self.frames = 0  # that carry a sequence number, each time they are written
        self.bytes = 0
        self.reads = 0
        self.following = 0  # the highest of these numbers plus 1
        self.plain = bytearray(14)
        self.acks = b""
        self.first = 0
        self.at = self.end = 0

    def write(self, buf, offset, length):
        self.bytes += length
        plain = self.plain
        left = buf[offset + 1]
        i = 0
        while i < 14 and i + 2 < length:  # undo the COBS of the frame's beginning
            left -= 1
            plain[i] = buf[offset + 2 + i] if left else 0
            if not left:
                left = buf[offset + 2 + i]
            i += 1
        i = 1 if plain[0] < 0x98 else 2  # where the frame's kind stands
        if plain[i] != 1:  # a hello
            self.frames += 1
            self.note(i + 1 + size(plain[i + 1]))
        return length

    def note(self, at):
        first = self.plain[at] & 31
        stop = at + size(self.plain[at])
        seq = first if first < 24 else 0
        at += 1
        while at < stop:
            seq = seq << 8 | self.plain[at]
            at += 1
        if seq >= self.following:
            self.following = seq + 1

    def prepare_acks(self, count):
        """The acknowledgements of the next `count` frames, as they stand on the line."""
        at = 2 if self.plain[0] < 0x98 else 3
        boot = bytes(self.plain[at : at + size(self.plain[at])])
        self.first = self.following
        self.acks = bytearray(count * ACK)
        for i in range(count):
            ack = on_the_line(bytes((0x83, 8)) + boot + uint(self.first + i))
            self.acks[i * ACK] = len(ack)
            self.acks[i * ACK + 1 : i * ACK + 1 + len(ack)] = ack

    def acknowledge(self):
        self.at = (self.following - self.first) * ACK
        self.end = self.at + 1 + self.acks[self.at]
        self.at += 1

    def readinto(self, buf):
        self.reads += 1
        n = 0
        while n < len(buf) and self.at < self.end:
            buf[n] = self.acks[self.at]
            self.at += 1
            n += 1
        return n or None

    def close(self):
        pass


def size(head):
    """Bytes of an unsigned integer in CBOR that begins with `head`."""
    return 1 if head & 31 < 24 else 1 + (1 << ((head & 31) - 24))


def uint(n):
    if n < 24:
        return bytes((n,))
    return b"\\x18" + bytes((n,)) if n < 256 else b"\\x1a" + bytes((n >> 24, n >> 16 & 255, n >> 8 & 255, n & 255))


def on_the_line(frame):
    """CRC-32 and COBS between zeros; for frames of less than 250 bytes."""
    import binascii

    crc = binascii.crc32(frame)
    frame += bytes((crc & 255, crc >> 8 & 255, crc >> 16 & 255, crc >> 24))
    return b"\\0" + b"".join([bytes((len(part) + 1,)) + part for part in frame.split(b"\\0")]) + b"\\0"


class Broker:
    """A connection to an MQTT broker that takes everything at once, and answers as MQTT 3.1.1 demands."""

    def __init__(self):
        self.frames = self.bytes = self.reads = 0
        self.answers = bytearray(1024)
        self.start = self.end = 0
        self.state = 0
        self.head = self.length = self.shift = self.at = self.word = self.pid_at = self.pid = 0

    def write(self, buf, offset, length):
        self.bytes += length
        end = offset + length
        while offset < end:
            self.take(buf[offset])
            offset += 1
        return length

    def take(self, byte):
        if self.state == 0:
            self.head = byte >> 4
            self.length = self.shift = self.at = 0
            self.pid_at = 0
            self.state = 1
        elif self.state == 1:
            self.length |= (byte & 127) << self.shift
            self.shift += 7
            if byte < 128:
                self.state = 2
        else:
            self.take_body(byte)
            self.at += 1
        if self.state == 2 and self.at == self.length:
            self.state = 0
            self.answer()

    def take_body(self, byte):
        if self.at < 2:
            self.word = (self.word & 255) << 8 | byte
        if self.at == 1 and self.head == 3:
            self.pid_at = 2 + self.word
        if self.at == self.pid_at:
            self.pid = byte << 8
        elif self.at == self.pid_at + 1:
            self.pid |= byte

    def answer(self):
        if self.head == 1:
            self.say(0x20, 2, 0)
        elif self.head == 3:
            self.frames += 1
            self.say(0x40, 2, self.pid)
        elif self.head == 8:
            self.say(0x90, 3, self.pid)
            self.answers[self.end] = 1
            self.end += 1
        elif self.head == 12:
            self.say(0xD0, 0, 0)

    def say(self, head, length, pid):
        self.answers[self.end] = head
        self.answers[self.end + 1] = length
        self.end += 2
        if length:
            self.answers[self.end] = pid >> 8
            self.answers[self.end + 1] = pid & 255
            self.end += 2

    def readinto(self, buf):
        self.reads += 1
        n = 0
        while n < len(buf) and self.start < self.end:
            buf[n] = self.answers[self.start]
            self.start += 1
            n += 1
        if self.start == self.end:
            self.start = self.end = 0
        return n or None

    def acknowledge(self):
        pass

    def close(self):
        pass
'''
