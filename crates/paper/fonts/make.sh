#!/bin/sh
# Makes the fonts of this folder anew; README.md says from what. Give a scratch folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1"
python3 -m venv venv && venv/bin/pip install --quiet fonttools==4.68.0
npm pack --silent @expo-google-fonts/inter@0.4.2
tar xzf expo-google-fonts-inter-*.tgz
apt-get download fonts-noto-cjk unicode-data
for package in *.deb; do dpkg-deb -x "$package" debian; done

venv/bin/python "$here/characters.py" debian/usr/share/unicode/Unihan_OtherMappings.txt.bz2 >han.txt

for weight in 400Regular:Regular 600SemiBold:SemiBold; do
    venv/bin/pyftsubset "package/${weight%:*}/Inter_${weight%:*}.ttf" --output-file="$here/Inter-${weight#*:}.ttf" \
        --unicodes='20-7E,A0-AC,AE-52F,1D00-1FFF,2000-200A,2010-2027,202F-205E,2070-20CF,2100-218F,2190-21FF,2200-22FF,25A0-25FF,2713,2717' \
        --layout-features=ccmp,kern,locl,mark,mkmk,tnum --no-hinting --name-IDs='0,1,2,3,4,5,6,13,14'
done
venv/bin/pyftsubset debian/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc --font-number=2 \
    --output-file="$here/NotoSansSC-Regular.otf" --text-file=han.txt --layout-features='' --no-hinting \
    --notdef-outline --name-IDs='0,1,2,3,4,5,6,13,14' --drop-tables+=BASE,GPOS,GSUB,VORG,vhea,vmtx
