"""Runs a program on a pseudo-terminal of 30 lines and 100 columns and prints what came out of it.

Arguments: a JSON list of [text to wait for, what to do], then the program. What to do is `resize`
(to 40 x 120), `term` (SIGTERM to the program), `group` (SIGTERM to its process group), or a text to
type. The last line is the exit status.
"""
import fcntl, json, os, pty, select, signal, struct, sys, termios, time

steps = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    time.sleep(0.1)  # until the terminal has its size
    os.execvp(sys.argv[2], sys.argv[2:])


def size(lines, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


size(30, 100)
output, deadline = b"", time.time() + 20
while time.time() < deadline:
    if select.select([fd], [], [], 0.1)[0]:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
    if steps and steps[0][0].encode() in output:
        action = steps.pop(0)[1]
        if action == "resize":
            size(40, 120)
        elif action == "term":
            os.kill(pid, signal.SIGTERM)
        elif action == "group":
            os.killpg(pid, signal.SIGTERM)
        else:
            os.write(fd, action.encode())
_, status = os.waitpid(pid, 0)
sys.stdout.write(output.decode(errors="replace"))
print("\nstatus", os.waitstatus_to_exitcode(status))
