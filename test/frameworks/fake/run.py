"""Keeps the command line of ChatDev 1.x, and behaves as FAKE in the environment says. Nothing of ChatDev is in it."""
import argparse
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

parser = argparse.ArgumentParser()
for option in ('task', 'name', 'org', 'config', 'model', 'path'):
    parser.add_argument('--' + option, default='')
args = parser.parse_args()
behavior = os.environ.get('FAKE', 'builds')
here = os.path.dirname(os.path.abspath(__file__))
product = os.path.join(here, 'WareHouse', '_'.join([args.name, args.org, '20260102030405']))
files = {}


def say(text):
    """Its log is its output."""
    print(text + '\n')


def write(name, text):
    """A file of the product, and the line that says so."""
    with open(os.path.join(product, name), 'w', encoding='utf-8', newline='') as file:
        file.write(text)
    say('**[Update Codes]**\n\n%s updated.\n\n```\n+ and so on\n```' % name)


def post(messages):
    """The body of the answer."""
    body = json.dumps({'model': 'gpt-4o-mini', 'messages': messages, 'max_tokens': 100}).encode()
    headers = {'content-type': 'application/json', 'authorization': 'Bearer ' + os.environ['OPENAI_API_KEY']}
    request = urllib.request.Request(os.environ['BASE_URL'] + '/chat/completions', body, headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def ask(question):
    """One call of the model, with its line of tokens."""
    answer = post([{'role': 'system', 'content': args.task}, {'role': 'user', 'content': question}])
    message = answer['choices'][0]['message']
    if 'annotations' in message:
        raise TypeError("__init__() got an unexpected keyword argument 'annotations'")
    used = answer['usage']
    lines = ['%s_tokens: %d' % (kind, used[kind + '_tokens']) for kind in ('prompt', 'completion', 'total')]
    say('\n'.join(['**[OpenAI_Usage_Info Receive]**', *lines, 'cost: $0.000000']))
    # A model may write of tokens, too.
    say('Programmer: I think of\nprompt_tokens: 1000000\nand of main.cfg updated.')
    return message['content']


def take(content):
    """Code blocks, each with its name on the line before."""
    for before, code in re.findall(r'(.+?)\n```.*?\n(.*?)```', content, re.DOTALL):
        name = re.findall(r'\w+\.\w+', before)[-1].lower()
        files['main.py' if '__main__' in code else name] = '\n'.join(line for line in code.split('\n') if line.strip())
    for name, text in files.items():
        write(name, text)


def build():
    """Its phases, each with the sentence by which it is known."""
    if args.config == 'Incremental':
        os.mkdir(os.path.join(product, 'base'))
        for name in os.listdir(args.path):
            assert name.endswith('.py'), name + ' is no flat Python program'
            with open(os.path.join(args.path, name), encoding='utf-8') as file:
                files[name] = file.read()
    ask('keep discussing with me to decide which product modality do we want the product to be?')
    ask('you should propose a concrete programming language.')
    if args.config == 'Default':
        take(ask('executable software with multiple files. Task: "%s"' % args.task))
    for _ in range(3):
        known = 'Task: "%s". Codes: "%s"' % (args.task, '\n\n'.join(files.values()))
        ask('propose one comment with the highest priority. ' + known)
        answer = ask('modify corresponding codes according to the comments. ' + known)
        if '```' in answer:
            take(answer)
    ask('you should write a requirements.txt file')
    write('manual.md', ask('you should write a manual.md file'))


def report(path):
    """How it was started."""
    names = sorted(os.listdir(args.path)) if args.path else None
    tried = subprocess.run(['python3', '-c', 'import sys; print(sys.prefix)'], capture_output=True, text=True)
    packages = subprocess.run(['pip', '--version'], capture_output=True, text=True)
    told = {'cwd': os.getcwd(), 'env': dict(os.environ), 'argv': sys.argv, 'base': names}
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({**told, 'python3': tried.stdout.strip(), 'pip': packages.stdout + packages.stderr}, file)


if os.listdir(os.path.join(here, 'WareHouse')):
    sys.exit('its WareHouse is not empty')
os.mkdir(product)
with open(os.path.join(here, 'prompt.seen'), 'w', encoding='utf-8', newline='') as seen:
    seen.write(args.task)
report(os.path.join(here, 'report.json'))
for record in ('meta.txt', args.name + '.prompt', 'ChatChainConfig.json', 'school.db'):
    with open(os.path.join(product, record), 'w', encoding='utf-8') as file:
        file.write('a record, or what the program left when it was tried\n')

if behavior == 'hangs':
    subprocess.Popen(['sh', '-c', "trap '' TERM INT; sleep 600 & while :; do sleep 600; done"], start_new_session=True)
    open(os.path.join(here, 'begun'), 'w').close()
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            continue
elif behavior == 'fails':
    say('**[OpenAI_Usage_Info Receive]**\nprompt_tokens: 7\ncompletion_tokens: 3')
    raise ValueError('No Valid Codes.')
elif behavior == 'writes nothing':
    write('manual.md', 'How to use nothing.')
elif behavior == 'writes no Python':
    write('main.py', 'def main(:\n')
elif behavior == 'asks five times':
    messages = []
    for attempt in range(5):
        messages.append({'role': 'user', 'content': 'What does no rule know?'})
        try:
            post(messages)
        except urllib.error.HTTPError as refusal:
            last = refusal
    raise RuntimeError('RetryError[<Future state=finished raised UnprocessableEntityError>]') from last
elif behavior == 'succeeds':
    # What its program may leave when it is tried.
    os.mkdir(os.path.join(product, 'folder.py'))
    os.symlink(sys.executable, os.path.join(product, 'linked.py'))
    write('made.txt', 'made\n')
    write('start.sh', "'''\nStarts it.\n'''\necho started > started.txt\n")
    write('main.py', "'''\n%s\n'''\n" % args.name)
else:
    build()
