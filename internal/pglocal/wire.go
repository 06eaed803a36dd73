package pglocal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// conn speaks as much of PostgreSQL's protocol (version 3) as is needed to see that the server answers and to give it
// one statement: so neither psql, which not every installation has, nor a driver is needed.
type conn struct {
	net.Conn
	r *bufio.Reader
}

// serverError is what the server answered instead of doing it.
type serverError struct{ code, message string }

func (e *serverError) Error() string { return fmt.Sprintf("%s (SQLSTATE %s)", e.message, e.code) }

// connect returns a connection that is ready for a statement. It ends with ctx's deadline.
func connect(ctx context.Context, socket, user, database string) (*conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	c := &conn{nc, bufio.NewReader(nc)}
	if t, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(t)
	}
	const version3 = 3 << 16
	hello := binary.BigEndian.AppendUint32(nil, version3)
	hello = append(hello, "user\x00"+user+"\x00database\x00"+database+"\x00\x00"...)
	if err := c.send(nil, hello); err != nil {
		_ = c.Close()
		return nil, err
	}
	if err := c.ready(); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func (c *conn) exec(sql string) error {
	if err := c.send([]byte{'Q'}, append([]byte(sql), 0)); err != nil {
		return err
	}
	return c.ready()
}

func (c *conn) send(kind, body []byte) error {
	m := binary.BigEndian.AppendUint32(kind, uint32(len(body)+4))
	_, err := c.Write(append(m, body...))
	return err
}

// ready reads up to ReadyForQuery and returns the error that came before it, if any. An error during the greeting is
// the last thing the server says, so one followed by the end is that error too.
func (c *conn) ready() error {
	var failed error
	for {
		var head [5]byte
		if _, err := io.ReadFull(c.r, head[:]); err != nil {
			if failed != nil {
				return failed
			}
			return err
		}
		size := binary.BigEndian.Uint32(head[1:])
		if size < 4 || size > 1<<20 {
			return fmt.Errorf("message of %d bytes from PostgreSQL", size)
		}
		body := make([]byte, size-4)
		if _, err := io.ReadFull(c.r, body); err != nil {
			return err
		}
		switch head[0] {
		case 'Z':
			return failed
		case 'E':
			failed = readError(body)
		case 'R':
			if len(body) < 4 || binary.BigEndian.Uint32(body) != 0 {
				return fmt.Errorf("PostgreSQL asks for a password, so its pg_hba.conf is not ours")
			}
		}
	}
}

func readError(body []byte) *serverError {
	e := &serverError{}
	for _, field := range bytes.Split(body, []byte{0}) {
		if len(field) == 0 {
			continue
		}
		switch field[0] {
		case 'C':
			e.code = string(field[1:])
		case 'M':
			e.message = string(field[1:])
		}
	}
	return e
}
