package pglocal

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// dieWithParent has the kernel shut the server down when we die, even by kill -9.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// commandLine is a process's program and arguments with a space after each, empty when it is dead but not yet collected.
// It is not known when /proc hides other users' processes.
func commandLine(pid int) (line string, known bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return string(bytes.ReplaceAll(text, []byte{0}, []byte{' '})), err == nil
}
