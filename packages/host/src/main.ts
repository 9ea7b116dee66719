process.stdout.write('cadre\n');
