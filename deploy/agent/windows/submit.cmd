@echo off
rem What the task of steplabel.xml runs, each night. Write the names of your site, your Python and your files here.
rem Output and errors stand in agent.log beside it.
setlocal
set STEPLABEL_STATE=C:\ProgramData\steplabel\works-2\state
rem set STEPLABEL_PROXY=http://proxy.plant.example:3128
rem set STEPLABEL_CA_FILE=C:\ProgramData\steplabel\ca.pem
rem The period that is reported: 2025, or 2025-Q1. Empty: nothing is sent. Look at "preview" before you write it here.
set PERIOD=
set STEPLABEL_PARTS=C:\ProgramData\steplabel\parts
set AGENT=py C:\ProgramData\steplabel\steplabel-agent.pyz
cd /d C:\ProgramData\steplabel\works-2
echo %DATE% %TIME% >>agent.log
set CODE=0
if defined PERIOD %AGENT% submit --site site.toml --period %PERIOD% >>agent.log 2>&1 || set CODE=1
%AGENT% updates >>agent.log 2>&1
%AGENT% status --site site.toml --out status.json --trouble-fails >>agent.log 2>&1 || set CODE=1
exit /b %CODE%
