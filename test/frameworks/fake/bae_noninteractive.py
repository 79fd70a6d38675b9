"""Keeps the command-line contract of BAEs; FAKE in the environment says how it behaves."""
import argparse, json, os, signal, subprocess, sys, time

parser = argparse.ArgumentParser()
parser.add_argument("--request", required=True)
parser.add_argument("--context-store", required=True)
parser.add_argument("--output-json", action="store_true")
parser.add_argument("--quiet", action="store_true")
args = parser.parse_args()
behavior = os.environ.get("FAKE", "succeeds")
workspace = os.environ["MANAGED_SYSTEM_PATH"]

def write(name, text):
    path = os.path.join(workspace, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)

store = json.load(open(args.context_store)) if os.path.exists(args.context_store) else {"requests": 0}
store["requests"] += 1
json.dump(store, open(args.context_store, "w"))

if behavior != "writes nothing":
    write("prompt.seen", args.request)
answer = {"success": True, "result": {"success": True, "execution_results": [{"task": "generate_api", "success": True}], "requests": store["requests"]}}
if behavior == "hangs":
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    subprocess.Popen(["sleep", "600"])
    write("begun", "")
    while True:
        time.sleep(600)
if behavior == "fails":
    answer = {"success": False, "error": "[Errno 2] No such file", "error_type": "FileNotFoundError"}
if behavior == "refuses":
    answer = {"success": False, "result": {"success": False, "error": "ENTITY_NOT_SUPPORTED", "message": "no such\nentity"}}
if behavior == "refuses with exit code 0":
    answer = {"success": False, "result": {"error": "ENTITY_NOT_SUPPORTED"}}
if behavior == "accepts by force":
    answer["result"]["execution_results"][0]["force_accepted"] = True
if behavior == "hides a failed part":
    answer["result"]["execution_results"][0]["success"] = False
if behavior == "writes no Python":
    write("app/routes/student_routes.py", "# fine\ndef broken(:\n    pass\n")
if behavior == "answers at length":
    answer["result"]["code"] = "x" * 600_000
if behavior == "reports":
    answer["result"]["cwd"] = os.getcwd()
    answer["result"]["env"] = dict(os.environ)
    write("report.json", json.dumps({"cwd": os.getcwd(), "env": dict(os.environ), "argv": sys.argv}))
if behavior == "asks":
    import urllib.request
    body = json.dumps({"model": os.environ["OPENAI_MODEL"], "messages": [{"role": "user", "content": "hello"}]}).encode()
    head = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "content-type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body, head)).read()
if behavior not in ("fails", "writes nothing"):
    write("made.txt", "made\n")

print("\x1b[32m✔ {progress}\x1b[0m")
print("{")
print("  not: an answer")
sys.stdout.flush()
if behavior != "says nothing":
    print("\x1b[0m" + json.dumps(answer, indent=2))
print("\x1b[36mdone\x1b[0m", flush=True)
print(json.dumps({"success": False, "error": "no answer: it stands in stderr"}), file=sys.stderr, flush=True)
if behavior == "succeeds with exit code 3":
    sys.exit(3)
sys.exit(0 if answer["success"] or behavior == "refuses with exit code 0" else 1)
