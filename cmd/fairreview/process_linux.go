package main

import "syscall"

// detached puts a child in a group of its own, so that Ctrl-C reaches us first and we stop it in order, and has the
// kernel end it when we die.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
