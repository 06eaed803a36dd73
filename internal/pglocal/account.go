package pglocal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// account is whom the server runs as: ourselves, or, since PostgreSQL refuses root, an account without privileges.
// We stay root then, and reach the server all the same, as root may enter any folder.
type account struct {
	switches bool // we are root and run the server as uid, gid
	uid, gid int
}

// serverAccount is ourselves unless we are root; then the cluster's owner, the account postgres, or nobody.
func serverAccount(cluster string) (account, error) {
	us := os.Geteuid()
	owner := -1
	var group int
	if info, err := os.Stat(cluster); err == nil {
		st := info.Sys().(*syscall.Stat_t)
		owner, group = int(st.Uid), int(st.Gid)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return account{}, err
	}
	switch {
	case us != 0 && owner >= 0 && owner != us:
		return account{}, fmt.Errorf("%s belongs to user %d, and this process runs as user %d: run it as that user, or choose another data folder", cluster, owner, us)
	case us != 0:
		return account{}, nil
	case owner > 0:
		return account{switches: true, uid: owner, gid: group}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := userAccount(name)
		if err == nil {
			return u, nil
		}
	}
	return account{}, errors.New("PostgreSQL does not run as root, and there is neither an account postgres nor nobody to run it under")
}

func userAccount(name string) (account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, err
	}
	gid, err := strconv.Atoi(u.Gid)
	return account{switches: true, uid: uid, gid: gid}, err
}

// own gives a folder to the account.
func (a account) own(path string) error {
	if !a.switches {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// command is a program to be run as the account, in a process group of its own, so that a Ctrl-C in the terminal
// reaches it through us and in our order.
func (a account) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = "/" // ours may be closed to the account
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.switches {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	// PGDATA, PGPORT, PGOPTIONS and the like are meant for another server, and a language would translate the messages.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PG") || strings.HasPrefix(v, "LC_") || strings.HasPrefix(v, "LANG")
	})
	return cmd
}

// canEnter makes sure that the account reaches the data folder, by going there as the account.
func (a account) canEnter(bin programs, dir string) error {
	if !a.switches {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	// Passing through is enough; what lies in the folder beside the cluster stays unlisted and root's.
	if err := os.Chmod(dir, info.Mode().Perm()|0o111); err != nil {
		return err
	}
	cmd := a.command(context.Background(), bin.postgres, "--version")
	cmd.Dir = dir
	if err := cmd.Run(); errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("the account that PostgreSQL runs under (user %d, as it refuses root) cannot enter %s: choose a data folder that every account may pass through to, such as /var/lib/fairreview", a.uid, dir)
	} else if err != nil {
		return err
	}
	return nil
}
