package pglocal

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// ErrLocked is wrapped by the error of whoever comes second.
var ErrLocked = errors.New("in use")

// LockFile takes a lock that the kernel gives back when the process ends, however it ends. Close the file to release it.
func LockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s is %w by process %d: stop that one first, or choose another data folder", path, ErrLocked, firstNumber(path))
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// The number is for the sentence above; the lock does not depend on it.
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return f, nil
}
