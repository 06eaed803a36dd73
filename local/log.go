package main

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// maxLog is where a log file is put aside. One old file is kept, so the two never take more than twice this.
const maxLog = 16 << 20

// logFile is a log that neither grows for ever nor mixes two starts: it is put aside at every start and when it is full.
type logFile struct {
	path string
	mu   sync.Mutex
	file *os.File
	size int
}

func openLog(path string) (*logFile, error) {
	l := &logFile{path: path}
	return l, l.rotate()
}

func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+len(p) > maxLog {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.Write(p)
	l.size += n
	return n, err
}

func (l *logFile) rotate() error {
	if l.file != nil {
		_ = l.file.Close()
	}
	if err := os.Rename(l.path, l.path+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	l.file, l.size = f, 0
	return err
}

func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
