#!/usr/bin/env python3
"""The C floor, built as the harness builds it: what every comparison stands on has to answer requests, not merely bytes."""

import pathlib
import socket
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "load"))
sys.dont_write_bytecode = True

import peers

ANSWER = peers.as_response(b'{"answer":"42"}')
GET = b"GET /query HTTP/1.1\r\nHost: x\r\n\r\n"
BUFFER = 16_384  # the floor's, for one request


def post(body):
    return b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Floor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        binary = peers.build_floor(pathlib.Path(folder) / "floor-program")
        cls.server = peers.floor(binary, pathlib.Path(folder), free_port(), ANSWER, cpu=None)
        cls.addClassCleanup(cls.server.stop)
        cls.server.start()

    def setUp(self):
        self.connection = self.connect()

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=10)
        self.addCleanup(connection.close)
        return connection

    def received(self, connection, size):
        received = b""
        while len(received) < size:
            part = connection.recv(65_536)
            self.assertTrue(part, "closed within an answer")
            received += part
        return received

    def answers(self, count):
        """Exactly so many."""
        self.assertEqual(count * ANSWER, self.received(self.connection, count * len(ANSWER)))
        self.says_nothing()

    def says_nothing(self):
        """It serves connections in the order in which they were heard of: what this one was sent is done with when another
        one, which asked later, has its answer."""
        with self.connect() as other:
            other.sendall(GET)
            self.assertEqual(ANSWER, self.received(other, len(ANSWER)))
        self.connection.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.connection.recv(1)
        self.connection.settimeout(10)

    def is_closed(self):
        """Unread bytes make it a reset."""
        try:
            self.assertEqual(b"", self.connection.recv(65_536))
        except ConnectionResetError:
            pass

    def test_answers_one_request_after_another_on_a_connection(self):
        for request in (GET, post(b"{}"), post(b""), GET):
            self.connection.sendall(request)
            self.answers(1)

    def test_answers_each_of_several_pipelined_requests_once(self):
        self.connection.sendall(GET + post(b'{"question":"a"}') + GET)
        self.answers(3)

    def test_answers_a_request_in_pieces_once_it_is_whole(self):
        request = post(b'{"question":"How long?"}')
        for cut in (1, 20, request.index(b"\r\n\r\n") + 2, request.index(b"{"), len(request) - 1):
            with self.subTest(cut):
                self.connection.sendall(request[:cut])
                self.says_nothing()
                self.connection.sendall(request[cut:])
                self.answers(1)

    def test_answers_a_whole_request_and_keeps_the_piece_of_the_next(self):
        request = post(b"{}")
        self.connection.sendall(GET + request[:10])
        self.answers(1)
        self.connection.sendall(request[10:])
        self.answers(1)

    def test_answers_the_largest_request_that_fits(self):
        empty = len(post(b"x" * 10_000)) - 10_000
        self.connection.sendall(post(b"x" * (BUFFER - empty)))
        self.answers(1)

    def test_closes_on_a_request_that_does_not_fit(self):
        for request in (post(b"x" * BUFFER), b"x" * BUFFER, b"x" * (BUFFER + 1)):
            with self.subTest(len(request)):
                self.connection.sendall(request)
                self.is_closed()
                self.setUp()

    def test_a_length_beyond_all_numbers_is_no_whole_request(self):
        head = b"POST /query HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n"
        self.connection.sendall(head + b"x" * BUFFER)
        self.is_closed()

    def test_goes_on_when_a_client_leaves_within_a_request(self):
        self.connection.sendall(GET[:10])
        self.connection.close()
        self.setUp()
        self.connection.sendall(GET)
        self.answers(1)


if __name__ == "__main__":
    unittest.main()
