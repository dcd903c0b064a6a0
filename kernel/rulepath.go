// SPDX-License-Identifier: GPL-2.0-or-later

package kernel

import (
	"fmt"
	"path"
	"strings"

	"github.com/rt0-dev/rt0/arch"
)

// pathArg is where a call names a file: the index of the path, and of the descriptor that a relative one starts from. noArg: there is no
// such argument; a call without a path is about the file that the descriptor is.
type pathArg struct{ dir, path int }

const noArg = -1

var (
	firstPath = []pathArg{{noArg, 0}}
	dirPath   = []pathArg{{0, 1}}
	bothPaths = []pathArg{{noArg, 0}, {noArg, 1}}
	bothAt    = []pathArg{{0, 1}, {2, 3}}
	ownFile   = []pathArg{{0, noArg}}
)

// pathArgs are the calls that a rule's path can match, after strace's TRACE_FILE and TRACE_DESC. Of links it is the place, not the target.
var pathArgs = map[string][]pathArg{}

func init() {
	for _, row := range []struct {
		args  []pathArg
		names []string
	}{
		{firstPath, []string{
			"open", "creat", "access", "readlink", "stat", "stat64", "lstat", "lstat64", "oldstat", "oldlstat", "statfs", "statfs64",
			"chdir", "chroot", "mkdir", "rmdir", "unlink", "truncate", "truncate64", "chmod", "chown", "chown32", "lchown", "lchown32",
			"mknod", "utime", "utimes", "execve", "getxattr", "lgetxattr", "setxattr", "lsetxattr", "listxattr", "llistxattr",
			"removexattr", "lremovexattr", "swapon", "acct",
		}},
		{dirPath, []string{
			"openat", "openat2", "faccessat", "faccessat2", "readlinkat", "newfstatat", "fstatat64", "statx", "mkdirat", "unlinkat",
			"fchmodat", "fchmodat2", "fchownat", "mknodat", "utimensat", "utimensat_time64", "futimesat", "execveat", "name_to_handle_at",
			"inotify_add_watch",
		}},
		{bothPaths, []string{"rename", "link"}},
		{bothAt, []string{"renameat", "renameat2", "linkat"}},
		{[]pathArg{{noArg, 1}}, []string{"symlink", "mount", "pivot_root"}},
		{[]pathArg{{1, 2}}, []string{"symlinkat"}},
		{ownFile, []string{
			"read", "pread64", "readv", "preadv", "preadv2", "write", "pwrite64", "writev", "pwritev", "pwritev2", "close", "lseek",
			"_llseek", "fstat", "fstat64", "fstatfs", "fstatfs64", "getdents", "getdents64", "fcntl", "fcntl64", "ioctl", "dup", "dup2",
			"dup3", "ftruncate", "ftruncate64", "fsync", "fdatasync", "fchmod", "fchown", "fchown32", "fchdir", "flock", "fallocate",
		}},
	} {
		for _, name := range row.names {
			pathArgs[name] = row.args
		}
	}
}

// paths are the absolute paths that a call names, without ., .. and //; symbolic links are not followed. What is no path is left out. As
// descriptors know the process's own files by its number, those have both names.
func (t *Thread) paths(name string, args [6]uint64) []string {
	var paths []string
	for _, arg := range pathArgs[name] {
		p := t.absolute(arg, args)
		if p == "" {
			continue
		}
		paths = append(paths, p)
		if own, ok := strings.CutPrefix(p, fmt.Sprintf("/proc/%d/", t.p.pid)); ok {
			paths = append(paths, "/proc/self/"+own)
		}
	}
	return paths
}

// absolute is one of them; "": there is noArg.
func (t *Thread) absolute(arg pathArg, args [6]uint64) string {
	text := ""
	if arg.path != noArg {
		var errno arch.Errno
		if text, errno = t.readPath(args[arg.path]); errno != 0 {
			return ""
		}
	}
	switch {
	case text != "" && text[0] == '/':
		return path.Clean(text)
	case arg.dir == noArg && text == "":
		return ""
	case arg.dir == noArg || text != "" && fd(args[arg.dir]) == atFDCWD:
		cwd, _ := t.p.tree.cwd.path()
		return path.Join(cwd, text)
	}
	d := t.p.files.get(fd(args[arg.dir]))
	if d == nil || d.path == "" || d.path[0] != '/' {
		return ""
	}
	return path.Join(d.path, text)
}
