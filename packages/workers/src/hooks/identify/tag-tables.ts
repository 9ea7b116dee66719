/**
 * What a file is, by its name: the tags that `types` and `types_or` of a pre-commit configuration speak of. Tags and
 * names are those of the Python package identify (MIT), so that the same files are chosen.
 */

type Tags = readonly string[];

/** Lines of `tag tag: name name`. */
function table(text: string): ReadonlyMap<string, Tags> {
  return new Map(
    text
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [tags = '', names = ''] = line.split(': ');
        return names.split(' ').map((name) => [name, tags.split(' ')] as const);
      }),
  );
}

/** By the last part of the name, in lower case. Without `text` or `binary` the content decides. */
export const EXTENSIONS = table(`
binary: dll exe so
binary adobe-illustrator: ai
binary asar: asar
binary audio wav: wav
binary avif image: avif
binary bitmap image: bmp
binary bzip2: bz2
binary bzip3: bz3
binary eot: eot
binary eps: eps
binary fits: fits
binary ggb zip: ggb
binary gif image: gif
binary gzip: gz tgz
binary icns: icns
binary icon: ico
binary image jpeg: jpeg jpg
binary image png: png
binary image tiff: tif tiff
binary image webp: webp
binary jar zip: ear jar war
binary musescore zip: mscz
binary otf: otf
binary p12: p12
binary pdf: pdf
binary pyz: pyz pyzw
binary swf: swf
binary tar: tar
binary ttf: ttf
binary wheel zip: whl
binary woff: woff
binary woff2: woff2
binary zip: zip
entitlements plist: entitlements
image ppm: ppm
plist: plist
plist xcodebuild xcprivacy: xcprivacy
plist xcodebuild xcsettings: xcsettings
text: cfg cnf conf
text apinotes: apinotes
text asciidoc: adoc asciidoc
text asm: asm s
text aspectj: aj
text astro: astro
text avro-schema: avsc
text bash bats shell: bats
text bash shell: bash
text batch: bat cmd
text bazel: bazel bzl
text beancount: beancount
text bib: bib
text bitbake: bb bbappend bbclass
text c: c
text c c++ header: h
text c#: cs
text c# c#script: csx
text c++: c++ c++m cc ccm cpp cppm cxx cxxm ipp ixx tpp
text c++ header: hh hpp hxx
text c++ inl: inl
text c++ ino: ino
text c++ objective-c++: mm
text c2hs: chs
text clojure: clj cljc
text clojure clojurescript: cljs
text clojure edn: edn
text cmake: cmake
text coffee: coffee
text crystal: cr
text csh shell: csh
text cson: cson
text csproj msbuild xml: csproj
text css: css
text csv: csv
text cuda: cu cuh
text cue: cue
text cylc: cylc
text cython: pxd pxi pyx
text dart: dart
text dbc: dbc
text def: def
text diff: diff patch
text dotenv: env
text dtd: dtd
text ejs: ejs
text ejson json: ejson
text elixir: ex exs
text elm: elm
text erb: erb
text erlang: erl escript hrl
text f#: fs
text f# f#script: fsx
text fish: fish
text fortran: f03 f08 f90 f95
text fsproj msbuild xml: fsproj
text gdscript: gd
text geojson json: geojson
text gherkin: feature
text gleam: gleam
text go: go
text gotmpl: gotmpl
text gpx xml: gpx
text graphql: graphql
text groovy: gradle groovy
text groovy jenkins: jenkins jenkinsfile
text gyb: gyb
text gyp python: gyp gypi
text handlebars: hbs
text haskell: hs
text hcl: hcl
text hlsl: hlsl hlsli
text html: htm html
text html xhtml xml: xhtml
text icalendar: ics
text idl: idl
text idris: idr lidr
text image svg xml: svg
text inc: inc
text ini: ini
text ini lektorproject: lektorproject
text ini txsprofile: txsprofile
text inx xml: inx
text ipxe: ipxe
text jade: jade
text java: java
text java-properties: properties
text javascript: cjs js mjs
text jbuilder ruby: jbuilder
text jinja: j2 jinja jinja2
text json: json
text json jsonld: jsonld
text json jupyter: ipynb
text json piskel: piskel
text json xcodebuild xctestplan: xctestplan
text json5: json5
text jsonnet: jsonnet libsonnet
text jsx: jsx
text julia: jl
text kml xml: kml
text kotlin: kt kts
text lazarus lazarus-form: lfm
text lazarus pascal: lpr
text lazarus xml: lpi
text lean: lean
text lektor: lr
text less: less
text liquid: liquid
text literate-haskell: lhs
text lua: lua
text luau: luau
text m4: m4
text magik: magik
text makefile: make mk
text manifest: manifest
text map: map
text markdown: markdown md
text mdx: mdx
text meson: meson
text metal: metal
text mib: mib
text modulemap: modulemap
text msbuild pyproj xml: pyproj
text msbuild slnx xml: slnx
text msbuild vbproj xml: vbproj
text msbuild vcxproj xml: vcxproj
text msbuild xml: props targets
text musescore xml: mscx
text mustache: mustache
text myst: myst
text ngdoc: ngdoc
text nim: nim nims
text nimble: nimble
text nix: nix
text nunjucks: njk
text nushell: nu
text objective-c: m
text ocaml: ml mli
text pascal: pas
text pem: crt key pem
text perl: pl pm
text php: php php4 php5 phtml
text plain-text: txt
text plantuml: plantuml puml
text pofile: po
text pom xml: pom
text powershell: ps1 psd1 psm1
text prisma: prisma
text proto: proto
text pug: pug
text puppet: pp
text purescript: purs
text pyi: pyi
text python: py pyt pyw
text python twisted: tac
text python wsgi: wsgi
text qml: qml
text quarto: qmd
text r: r
text relax-ng xml: rng
text resx xml: resx
text robot: robot
text rst: rst
text ruby: gemspec rake rb
text rust: rs
text salt: sls
text sas: sas
text sass: sass
text sbt scala: sbt
text scala: sc scala
text scheme: scm ss
text scss: scss
text shell: sh
text shell zsh: zsh
text sln: sln
text solidity: sol
text spec: spec
text sql: sql
text stylus: styl
text svelte: svelte
text swift: swift
text swiftdeps: swiftdeps
text system-verilog: sv svh
text templ: templ
text terraform: tf tfvars
text tex: sty tex
text textproto: textproto txtpb
text thrift: thrift
text toml: toml
text ts: ts
text tsv: tsv
text tsx: tsx
text twig: twig
text urdf xacro xml: xacro
text urdf xml: urdf
text vala: vala
text vb: vb
text vdx: vdx
text verilog: v vh
text vhdl: vhd
text vim: vim
text vtl: vtl
text vue: vue
text wixproj xml: wixproj
text wkt: wkt
text wsdl xml: wsdl
text wxi xml: wxi
text wxl xml: wxl
text wxs xml: wxs
text xaml xml: xaml
text xcconfig xcodebuild: xcconfig
text xcodebuild xcscheme xml: xcscheme
text xcodebuild xcworkspacedata xml: xcworkspacedata
text xliff xml: xlf xliff
text xml: xml
text xml xsd: xsd
text xml xsl: xsl xslt
text xml yin: yin
text xml zcml: zcml
text xquery: xq xql xqm xqu xquery xqy
text yaml: eyaml yaml yml
text yaml yamlld: yamlld
text yang: yang
text zig: zig
text zpt: zpt
`);

/** By the whole name, or by a part of it between dots: `Dockerfile.build` is a Dockerfile. */
export const NAMES = table(`
text alpm bash pkgbuild shell: PKGBUILD
text babelrc json: .babelrc
text bash shell: .bash_aliases .bash_profile .bashrc .envrc direnvrc
text bazel: BUILD copy.bara.sky WORKSPACE
text bazelrc: .bazelrc
text bitbake: bblayers.conf bitbake.conf
text bowerrc json: .bowerrc
text browserslistrc: .browserslistrc
text cargo toml: Cargo.toml
text cargo-lock toml: Cargo.lock
text cmake: CMakeLists.txt
text codespellrc ini: .codespellrc
text coveragerc ini: .coveragerc
text csh shell: .cshrc
text csslintrc json: .csslintrc
text dockerfile: Containerfile Dockerfile
text dockerignore: .dockerignore
text editorconfig: .editorconfig
text erlang: rebar.config sys.config sys.config.src
text flake8 ini: .flake8
text gemfile-lock: Gemfile.lock
text gitattributes: .gitattributes
text gitconfig ini: .gitconfig
text gitignore: .gitignore
text gitignore prettierignore: .prettierignore
text gitlint ini: .gitlint
text gitmodules: .gitmodules
text go-mod: go.mod
text go-sum: go.sum
text groovy jenkins: Jenkinsfile
text hgrc ini: .hgrc
text ini: .rstcheck.cfg .sqlfluff setup.cfg
text ini isort: .isort.cfg
text ini pylintrc: pylintrc
text ini pypirc: .pypirc
text jshintrc json: .jshintrc
text json mention-bot: .mention-bot
text json pipfile-lock: Pipfile.lock
text mailmap: .mailmap
text makefile: GNUmakefile Makefile makefile
text meson: meson.build
text meson meson-options: meson.options meson_options.txt
text npmignore: .npmignore
text pdbrc python: .pdbrc
text plain-text: AUTHORS CHANGELOG CONTRIBUTING COPYING LICENSE MAINTAINERS NEWS NOTICE PATENTS README
text poetry-lock toml: poetry.lock
text pom xml: pom.xml
text pyproject toml: pyproject.toml
text python: wscript
text ruby: Brewfile config.ru Fastfile Gemfile Rakefile Vagrantfile
text salt-lint yaml: .salt-lint
text scons: SConstruct SConscript SCsub
text shell: .profile
text shell zsh: .zlogin .zlogout .zprofile .zshrc .zshenv
text tiltfile: Tiltfile
text toml: Pipfile
text toml uv-lock: uv.lock
text yaml: .ansible-lint .clang-format .clang-tidy
text yaml yamllint: .yamllint
`);

/** By the program of the `#!` line, for executables without a telling name. */
export const INTERPRETERS = table(`
ash shell: ash
awk: awk
bash bats shell: bats
bash shell: bash
cbsd shell: cbsd
csh shell: csh
dash shell: dash
erlang: escript
expect: expect
javascript: node nodejs
ksh shell: ksh
nushell: nu nushell
perl: perl
php: php
php php7: php7
php php8: php8
python: python
python python2: python2
python python3: python3
ruby: ruby
sh shell: sh
shell tcsh: tcsh
shell zsh: zsh
`);
