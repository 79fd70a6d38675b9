/** For programs in Python: nothing is written into a set-up that runs share, output comes as it is made, files are UTF-8 in every locale. */
export const PYTHON_ENVIRONMENT = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', PYTHONUTF8: '1' } as const;
