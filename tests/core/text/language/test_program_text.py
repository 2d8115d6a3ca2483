"""Program text, queries and markup are told from sentences, without refusing what only looks a little like them."""

import csv
from pathlib import Path

import pytest

from core.text.language.program_text import is_code

PAIRS = Path(__file__).resolve().parents[4] / "analytics" / "studies" / "liminal" / "contrast_pairs.csv"
CODE = [
    "def add(a, b):\n    return a + b",
    "for i in range(10):\n    print(i)",
    "x = 5\ny = x * 2\nprint(y)",
    "import numpy as np\nX = np.zeros((3, 4))",
    "from pathlib import Path",
    "class Dog(Animal):\n    def bark(self):\n        return 'woof'",
    "if happy == True: smile()",
    "while not done:\n    step(done)",
    "try:\n    open(path)\nexcept OSError as error:\n    print(error)",
    "[x ** 2 for x in values if x > 0]",
    "lambda x: x + 1",
    "print('hello world')",
    "SELECT name, age FROM users WHERE age > 30;",
    "select * from customers",
    "SELECT * FROM happy_people",
    "select name from users where mood = 'sad' order by name",
    "INSERT INTO feelings (name, score) VALUES ('joy', 3);",
    "UPDATE users SET active = 0 WHERE id = 7",
    "delete from orders where id = 3;",
    "CREATE TABLE moods (id INTEGER PRIMARY KEY, word TEXT);",
    "DROP TABLE students;",
    "SELECT u.name, COUNT(o.id) FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.name",
    "function greet(name) { return 'Hello ' + name; }",
    "const love = require('love');",
    "let sum = 0; for (let i = 0; i < n; i++) { sum += i; }",
    "document.getElementById('love').innerHTML = 'hate';",
    "console.log('I love you');",
    "const add = (a, b) => a + b;",
    "int main(void) {\n    printf(\"Hello\\n\");\n    return 0;\n}",
    "#include <stdio.h>",
    "public static void main(String[] args) { System.out.println(\"sad\"); }",
    "for (int i = 0; i < 10; i++)\n    total += happy[i];",
    "std::vector<int> v;",
    "fn main() {\n    println!(\"Hello, world!\");\n}",
    "if err != nil {\n    return err\n}",
    "<html><body><p>Hello</p></body></html>",
    "<div class=\"sad\">I am sad</div>",
    "<a href=\"love.html\">love</a>",
    ".happy { color: red; margin: 0 }",
    "body {\n  background: white;\n}",
    "{\"name\": \"joy\", \"score\": 3}",
    "git commit -m 'fix the bug'",
    "$ sudo apt install happiness",
    "ls -la | grep love",
    "pip install --upgrade pip",
    "for file in *.txt; do echo $file; done",
    "puts 'hello' if happy?\nend",
    "def greet\n  puts \"Hello\"\nend",
    "$happy = true; echo $happy;",
    "<?php echo 'love'; ?>",
    "public class Joy { private int level; }",
    "df = df[df['mood'] == 'sad']",
    "return self.happy and not self.sad",
    "raise ValueError('the text is empty')",
    "@app.route('/love')\ndef love():\n    return 'love'",
    "model.fit(X_train, y_train, epochs=10)",
    "kill_process(child)",
    "import java.util.List;",
    "var joy = new Joy();",
    "switch (mood) { case 'sad': cry(); break; }",
    "library(ggplot2)\nx <- c(1, 2, 3)\nplot(x)",
    "assert result == expected, 'wrong'",
    "if (x > 0) return true;",
    "WHERE name LIKE '%love%' AND id IN (1, 2)",
    "ALTER TABLE users ADD COLUMN happy BOOLEAN;",
    "y[i] = x[i] + 1",
    "select id from people where happy = 1",
    "while (alive) { breathe(); love(); }",
    "print(happy)",
    "total = price * count",
    "SELECT happiness FROM life",
    "def mean(values):\n    total = 0\n    for value in values:\n        total += value\n    return"
    " total / len(values)",
    "with open('joy.txt') as file:\n    text = file.read()",
    "np.random.default_rng(0).normal(size=3)",
    "happy = [word for word in words if word in good]",
    "async function load() { const data = await fetch(url); return data.json(); }",
    "export default function App() { return <Home /> }",
    "setTimeout(() => alert('sad'), 1000);",
    "SELECT title FROM books ORDER BY price DESC LIMIT 5",
    "select count(*) from tears",
    "select avg(score), mood from diary group by mood having avg(score) > 3",
    "INSERT INTO diary VALUES (1, 'I am happy')",
    "update diary set mood = 'glad' where day = 3",
    "GRANT ALL PRIVILEGES ON diary TO anna;",
    "BEGIN TRANSACTION; COMMIT;",
    "<ul><li>joy</li><li>grief</li></ul>",
    "<p>I am very sad today.</p>",
    "h1 { font-size: 2em; }",
    "double average(double[] xs) { double s = 0; for (double x : xs) s += x; return s / xs.length; }",
    "System.out.println(\"I am happy\");",
    "if (mood.equals(\"sad\")) { comfort(); }",
    "char *love = malloc(10 * sizeof(char));",
    "printf(\"%d\\n\", sum);",
    "let mut joy = Vec::new();",
    "match mood { Some(m) => m, None => return }",
    "func main() { fmt.Println(\"hello\") }",
    "echo \"I love you\" > love.txt",
    "cd /home && rm -rf love",
    "docker run -it --rm ubuntu bash",
    "export PATH=$HOME/bin:$PATH",
    "name: happy\non: push\njobs:\n  test:\n    runs-on: ubuntu",
    "[1, 2, 3].map(x => x * 2)",
    "x.append(y)",
    "assert len(words) > 0",
    "import os\nimport sys",
    "from math import sqrt, pi",
    "raise RuntimeError",
    "while True:\n    pass",
    "if __name__ == '__main__':\n    main()",
    "return sorted(words, key=len)",
    "data[\"mood\"].mean()",
]
SENTENCES = [
    "I am happy :=) =D", "-=love=-", "====== my day ======", "I am **so** happy", "def happy today",
    "Select a gift from the list.", "Select a seat from the map where you want to sit.",
    "Delete from your life what hurts.", "I failed => I am sad", "she said: no", "import taxes", "return home",
    "My person(s) of the year (2020)", "I <3 you", "What?! $$$", "C++ is fun", "I run and run --- and stop",
    "Email me at a_b@c.example or see http://x.example/a?b=c", "for me (if you can) it was bad",
    "if (and only if) you come, I am glad", "class is over :)", "He said (quietly) no; then he left;", "1 + 1 = 2",
    "Dear all,\n    I am sad.\n    Bye", "while (sadly) true",
    "The function grip() closes the hand, release() opens it.",
]


def test_code_is_told():
    missed = [text for text in CODE if not is_code(text)]
    assert len(missed) <= 0.03 * len(CODE), missed


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_is_none(text):
    assert not is_code(text)


def test_no_sentence_of_the_pairs_is_refused():
    with open(PAIRS, newline="", encoding="utf-8") as file:
        assert [cell for row in csv.reader(file) for cell in row if is_code(cell)] == []
